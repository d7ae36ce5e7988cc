"""Circuits that learn: small functions of weights and wires on PennyLane's operations."""

from quantum.ansatz.base import Ansatz as Ansatz
from quantum.ansatz.base import Shape as Shape
from quantum.ansatz.blocks import Block as Block
from quantum.ansatz.blocks import conditional_rotation as conditional_rotation
from quantum.ansatz.blocks import discard as discard
from quantum.ansatz.blocks import ry_cnot as ry_cnot
from quantum.ansatz.blocks import su4 as su4
from quantum.ansatz.initialisation import BlockIdentity as BlockIdentity
from quantum.ansatz.initialisation import block_identity as block_identity
from quantum.ansatz.initialisation import small_angles as small_angles
from quantum.ansatz.layered import HardwareEfficient as HardwareEfficient
from quantum.ansatz.layered import RealAmplitudes as RealAmplitudes
from quantum.ansatz.layered import Separable as Separable
from quantum.ansatz.layered import StronglyEntangling as StronglyEntangling
from quantum.ansatz.layered import hardware_efficient as hardware_efficient
from quantum.ansatz.layered import real_amplitudes as real_amplitudes
from quantum.ansatz.layered import separable as separable
from quantum.ansatz.layered import strongly_entangling as strongly_entangling
from quantum.ansatz.qcnn import QCNN as QCNN
from quantum.ansatz.qcnn import qcnn as qcnn
from quantum.ansatz.tensor_networks import MPS as MPS
from quantum.ansatz.tensor_networks import TTN as TTN
from quantum.ansatz.tensor_networks import mps as mps
from quantum.ansatz.tensor_networks import ttn as ttn
